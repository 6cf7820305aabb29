// A small forum as one writes it with Gin and GORM on SQLite, or on a MySQL server (-mysql): what Switchyard's forum is compared with (scripts/bench forum).
//
// The same calls with the same shapes, the same durability (WAL, synchronous=FULL), no search index and no cache: what the
// two frameworks give by themselves, with the settings that make them faster (release mode, prepared statements).
package main

import (
	"crypto/rand"
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"
	"gorm.io/driver/mysql"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

type User struct {
	ID           uint
	Username     string `gorm:"uniqueIndex"`
	PasswordHash string
	Banned       bool
}

type Post struct {
	ID           uint
	PublicID     string `gorm:"uniqueIndex"`
	Category     string
	AuthorID     uint `gorm:"index"`
	Author       User
	Title        string
	Body         string
	Tags         string
	Score        int
	Hot          float64 `gorm:"index"`
	CommentCount int
	CreatedAt    time.Time
}

type Comment struct {
	ID        uint
	PublicID  string `gorm:"uniqueIndex"`
	PostID    uint   `gorm:"index"`
	AuthorID  uint
	Author    User
	Body      string
	CreatedAt time.Time
}

type Vote struct {
	PostID uint `gorm:"primaryKey"`
	UserID uint `gorm:"primaryKey"`
	Value  int
}

var secret = []byte(newID() + newID() + newID())

func newID() string {
	bytes := make([]byte, 8)
	_, _ = rand.Read(bytes)
	return hex.EncodeToString(bytes)
}

func hot(score int, created time.Time) float64 {
	sign := float64(0)
	if score > 0 {
		sign = 1
	} else if score < 0 {
		sign = -1
	}
	return sign*math.Log10(math.Max(math.Abs(float64(score)), 1)) + float64(created.Unix())/45000
}

func shown(post *Post, whole bool) gin.H {
	out := gin.H{"id": post.PublicID, "title": post.Title, "category": post.Category, "tags": strings.Fields(post.Tags),
		"author": post.Author.Username, "created_at": post.CreatedAt, "score": post.Score, "comment_count": post.CommentCount}
	if whole {
		out["body"] = post.Body
	} else {
		excerpt := []rune(post.Body)
		out["excerpt"] = string(excerpt[:min(len(excerpt), 200)])
	}
	return out
}

func problem(c *gin.Context, status int, detail string) {
	c.AbortWithStatusJSON(status, gin.H{"status": status, "detail": detail})
}

func routes(db *gorm.DB) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(gin.Recovery())
	engine.GET("/livez", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "alive"}) })
	api := engine.Group("/api/v1")
	api.GET("/posts", func(c *gin.Context) {
		limit, err := strconv.Atoi(c.DefaultQuery("limit", "25"))
		if err != nil || limit < 1 || limit > 100 {
			problem(c, http.StatusBadRequest, "limit must be a number from 1 to 100")
			return
		}
		var posts []Post
		if err := db.Preload("Author").Order("hot DESC, id DESC").Limit(limit + 1).Find(&posts).Error; err != nil {
			problem(c, http.StatusServiceUnavailable, err.Error())
			return
		}
		var next any
		if len(posts) > limit {
			posts = posts[:limit]
			next = strconv.Itoa(int(posts[limit-1].ID))
		}
		items := make([]gin.H, len(posts))
		for i := range posts {
			items[i] = shown(&posts[i], false)
		}
		c.JSON(http.StatusOK, gin.H{"items": items, "next": next})
	})
	api.GET("/posts/:id", func(c *gin.Context) {
		var post Post
		if err := db.Preload("Author").Where("public_id = ?", c.Param("id")).First(&post).Error; err != nil {
			problem(c, http.StatusNotFound, "there is no such post")
			return
		}
		var comments []Comment
		if err := db.Preload("Author").Where("post_id = ?", post.ID).Order("id").Limit(50).Find(&comments).Error; err != nil {
			problem(c, http.StatusServiceUnavailable, err.Error())
			return
		}
		items := make([]gin.H, len(comments))
		for i, comment := range comments {
			items[i] = gin.H{"id": comment.PublicID, "author": comment.Author.Username, "body": comment.Body, "created_at": comment.CreatedAt}
		}
		out := shown(&post, true)
		out["comments"] = gin.H{"items": items, "next": nil}
		c.JSON(http.StatusOK, out)
	})
	api.POST("/register", func(c *gin.Context) {
		var given struct {
			Username string `json:"username" binding:"required,min=3,max=24"`
			Password string `json:"password" binding:"required,min=8,max=72"`
		}
		if err := c.ShouldBindJSON(&given); err != nil {
			problem(c, http.StatusUnprocessableEntity, err.Error())
			return
		}
		hash, err := bcrypt.GenerateFromPassword([]byte(given.Password), bcrypt.DefaultCost)
		user := User{Username: given.Username, PasswordHash: string(hash)}
		if err == nil {
			err = db.Create(&user).Error
		}
		if err != nil {
			problem(c, http.StatusConflict, err.Error())
			return
		}
		token, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": strconv.Itoa(int(user.ID)),
			"exp": time.Now().Add(time.Hour).Unix()}).SignedString(secret)
		c.JSON(http.StatusCreated, gin.H{"access_token": token, "token_type": "Bearer"})
	})
	member := api.Group("", func(c *gin.Context) {
		text := strings.TrimPrefix(c.GetHeader("Authorization"), "Bearer ")
		token, err := jwt.Parse(text, func(*jwt.Token) (any, error) { return secret, nil }, jwt.WithValidMethods([]string{"HS256"}))
		var user User
		if err == nil {
			subject, _ := token.Claims.GetSubject()
			err = db.Where("id = ? AND banned = ?", subject, false).First(&user).Error
		}
		if err != nil {
			problem(c, http.StatusUnauthorized, "this needs a login")
			return
		}
		c.Set("user", user)
	})
	member.POST("/posts", func(c *gin.Context) {
		var given struct {
			Category string   `json:"category" binding:"required"`
			Title    string   `json:"title" binding:"required,max=300"`
			Body     string   `json:"body" binding:"required,max=40000"`
			Tags     []string `json:"tags" binding:"max=5"`
		}
		if err := c.ShouldBindJSON(&given); err != nil {
			problem(c, http.StatusUnprocessableEntity, err.Error())
			return
		}
		at := time.Now()
		user := c.MustGet("user").(User)
		post := Post{PublicID: newID(), Category: given.Category, AuthorID: user.ID, Title: given.Title, Body: given.Body,
			Tags: strings.Join(given.Tags, " "), Hot: hot(0, at), CreatedAt: at}
		if err := db.Omit("Author").Create(&post).Error; err != nil {
			problem(c, http.StatusServiceUnavailable, err.Error())
			return
		}
		post.Author = user
		c.JSON(http.StatusCreated, shown(&post, true))
	})
	member.PUT("/posts/:id/vote", func(c *gin.Context) {
		var given struct {
			Value *int `json:"value" binding:"required,min=-1,max=1"`
		}
		if err := c.ShouldBindJSON(&given); err != nil {
			problem(c, http.StatusUnprocessableEntity, err.Error())
			return
		}
		var post Post
		err := db.Transaction(func(tx *gorm.DB) error {
			if err := tx.Where("public_id = ?", c.Param("id")).First(&post).Error; err != nil {
				return err
			}
			if err := tx.Save(&Vote{PostID: post.ID, UserID: c.MustGet("user").(User).ID, Value: *given.Value}).Error; err != nil {
				return err
			}
			if err := tx.Model(&Vote{}).Where("post_id = ?", post.ID).Select("ifnull(sum(value), 0)").Scan(&post.Score).Error; err != nil {
				return err
			}
			return tx.Model(&post).Updates(map[string]any{"score": post.Score, "hot": hot(post.Score, post.CreatedAt)}).Error
		})
		if err != nil {
			problem(c, http.StatusServiceUnavailable, err.Error())
			return
		}
		c.JSON(http.StatusOK, gin.H{"score": post.Score, "value": *given.Value})
	})
	return engine
}

func seed(db *gorm.DB, posts int) error {
	user := User{Username: "seed"}
	if err := db.Create(&user).Error; err != nil {
		return err
	}
	return db.Transaction(func(tx *gorm.DB) error {
		for i := 0; i < posts; i++ {
			at := time.Now().Add(time.Duration(i-posts) * time.Minute)
			post := Post{PublicID: newID(), Category: "general", AuthorID: user.ID, Title: fmt.Sprintf("Post %d of those that are there", i),
				Body: strings.Repeat("some words of which most texts are made ", 12), Tags: "proxy", Hot: hot(0, at), CreatedAt: at}
			if err := tx.Omit("Author").Create(&post).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

func main() {
	database := flag.String("database", "gin.db", "SQLite file")
	server := flag.String("mysql", "", "in its place a server: USER@unix(SOCKET)/NAME?parseTime=true")
	posts := flag.Int("seed-posts", 0, "fill an empty database with this many posts")
	connections := flag.Int("connections", 4, "to the database")
	flag.Parse()
	dialector := sqlite.Open("file:" + *database + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_txlock=immediate")
	if *server != "" {
		dialector = mysql.Open(*server)
	}
	db, err := gorm.Open(dialector, &gorm.Config{PrepareStmt: true, Logger: logger.Discard})
	if err == nil {
		err = db.AutoMigrate(&User{}, &Post{}, &Comment{}, &Vote{})
	}
	if err == nil && *posts > 0 {
		err = seed(db, *posts)
	}
	if err != nil {
		panic(err)
	}
	pool, _ := db.DB()
	pool.SetMaxOpenConns(*connections)
	pool.SetMaxIdleConns(*connections)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("gin listening on", listener.Addr())
	panic(http.Serve(listener, routes(db)))
}
